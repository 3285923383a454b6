namespace KadOrleans.StateFiles;

/// <summary>What came of a file's values.</summary>
/// <param name="Imported">Values that are durable now.</param>
/// <param name="Expired">Values left out because their time is over.</param>
/// <param name="Older">Values left out because one of the same key is held that was stored later.</param>
/// <param name="Refused">Values that are too long, or beyond the quotas.</param>
public sealed record ImportResult(long Imported, long Expired, long Older, long Refused);
