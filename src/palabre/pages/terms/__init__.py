"""What a person is asked, has chosen and has decided: `/account/terms`."""
