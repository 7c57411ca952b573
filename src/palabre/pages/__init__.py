"""Server-rendered pages: welcome, sign-in, account, consent. They work without JavaScript and load anywhere."""
