namespace KadOrleans.Core.Routing;

/// <summary>A contact as it is stored.</summary>
/// <param name="Contact">Id and endpoint.</param>
/// <param name="LastSeen">When it last answered.</param>
/// <param name="Failures">Requests left unanswered since then, 0 or more.</param>
public readonly record struct SavedContact(Contact Contact, DateTimeOffset LastSeen, int Failures);
