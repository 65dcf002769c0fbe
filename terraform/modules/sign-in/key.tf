resource "google_apikeys_key" "web" {
  project      = var.project
  name         = "${var.prefix}-web-${var.key_generation}"
  display_name = "${var.prefix}: listen in Firestore"

  restrictions {
    dynamic "api_targets" {
      for_each = toset(["firestore.googleapis.com", "identitytoolkit.googleapis.com", "securetoken.googleapis.com"])

      content {
        service = api_targets.value
      }
    }

    dynamic "browser_key_restrictions" {
      for_each = length(var.referrers) == 0 ? [] : [sort(var.referrers)]

      content {
        allowed_referrers = browser_key_restrictions.value
      }
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}
