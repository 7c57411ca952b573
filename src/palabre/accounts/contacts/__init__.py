"""The phone numbers of an account, through Matrix's third-party identifiers.

Client-Server API, "Adding Account Administrative Contact Information"; verification as in the Identity Service API,
whose part this server plays itself. There are no email addresses and no identity servers here.
"""
