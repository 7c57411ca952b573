"""People: phone numbers, one-time codes, sign-in, devices and tokens, profiles.

`compose.Accounts` builds all of it; `sign_in.SignIn` holds the rules that every road into an account uses.
"""
