namespace KadOrleans.Core.Routing;

/// <summary>A contact that waits for a place, and when it last answered.</summary>
internal readonly record struct Replacement(Contact Contact, DateTimeOffset LastSeen);
