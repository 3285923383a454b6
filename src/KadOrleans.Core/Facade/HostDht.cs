namespace KadOrleans;

/// <summary>Marks the services of a host whose <see cref="IDht"/> is a node's, or a cluster's: one that has both would not say which is meant.</summary>
/// <param name="AddedBy">The call that added it.</param>
internal sealed record HostDht(string AddedBy);
