using KadOrleans.Core;

namespace KadOrleans.Cli.State;

/// <summary>What came of an import.</summary>
/// <param name="Id">The id that the folder has now; null if it has none.</param>
/// <param name="Contacts">Contacts that replaced the folder's.</param>
/// <param name="Imported">Values that are durable now.</param>
/// <param name="Expired">Values left out because their time is over.</param>
/// <param name="Older">Values left out because the folder has one of the same key that was stored later.</param>
/// <param name="Refused">Values that are too long, or beyond the node's quotas.</param>
internal sealed record ImportResult(NodeId? Id, int Contacts, long Imported, long Expired, long Older, long Refused);
