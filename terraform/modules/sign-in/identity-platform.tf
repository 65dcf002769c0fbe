# No way to sign in is turned on: a custom token, signed by the api for a tenant, needs none, and without one nobody else gets in.
# Sign-up stays allowed, since the first use of a custom token counts as one.
resource "google_identity_platform_config" "this" {
  count = var.is_existing ? 0 : 1

  project = var.project

  sign_in {
    anonymous {
      enabled = false
    }

    email {
      enabled = false
    }

    phone_number {
      enabled = false
    }
  }
}
