output "web_api_key" {
  description = "What a program that listens gives to initializeApp as apiKey. It names the project and opens nothing; Terraform hides it because the provider does."
  value       = google_apikeys_key.web.key_string
  sensitive   = true
  depends_on  = [google_identity_platform_config.this]
}
