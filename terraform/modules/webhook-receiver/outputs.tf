output "address" {
  description = "Where it is: `npm run smoke -- --receiver` takes this."
  value       = var.address

  depends_on = [google_cloud_run_v2_service.receiver]
}
