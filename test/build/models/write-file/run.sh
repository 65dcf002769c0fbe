wanted=$(sed -n 's/.*"waitForFile":"\([^"]*\)".*/\1/p' "$SLIPWAY_INPUT")
while [ -n "$wanted" ] && [ ! -e "$wanted" ]; do sleep 0.05; done
cp "$SLIPWAY_INPUT" "$SLIPWAY_ARTIFACTS/input.json"
echo '{"progress":{"fraction":0.5,"message":"half of it"}}'
printf '{"bytes":%s}' "$(wc -c <"$SLIPWAY_INPUT")" >"$SLIPWAY_OUTPUT"
