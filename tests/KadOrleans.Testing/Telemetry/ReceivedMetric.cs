namespace KadOrleans.Testing.Telemetry;

/// <summary>A metric as one export had it.</summary>
/// <param name="Service">Whose it is, by <c>service.name</c>.</param>
/// <param name="Instance">Which process, by <c>service.instance.id</c>.</param>
/// <param name="Meter">Its meter.</param>
/// <param name="Name">Its name.</param>
/// <param name="Kind">As docs/telemetry.md calls it.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Export">Which export it came with: the collector numbers those of all processes as they come.</param>
/// <param name="Points">Its series.</param>
public sealed record ReceivedMetric(
    string Service,
    string Instance,
    string Meter,
    string Name,
    string Kind,
    string Unit,
    int Export,
    IReadOnlyList<ReceivedPoint> Points);
