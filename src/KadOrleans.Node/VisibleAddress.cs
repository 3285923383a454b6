using KadOrleans.Core;

namespace KadOrleans.Node;

/// <summary>How one contact sees this node.</summary>
/// <param name="Contact">Who was asked.</param>
/// <param name="Seen">The address and port it reports; null without an answer.</param>
public sealed record VisibleAddress(Contact Contact, UdpEndpoint? Seen);
