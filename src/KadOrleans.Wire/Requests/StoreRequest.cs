using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Wire;

/// <summary>Asks a node to keep a value (Kademlia §2.3, STORE).</summary>
/// <param name="Sender">The caller's id.</param>
/// <param name="Key">The key, already hashed into the id space.</param>
/// <param name="Value">
/// What to keep. One that came in as none of the five types is <c>default</c>: it is answered with false, not stored.
/// </param>
/// <param name="SecondsLeft">How long it has yet to live where it comes from; null for a value that begins its life.</param>
public readonly record struct StoreRequest(NodeId Sender, NodeId Key, DhtValue Value, uint? SecondsLeft = null);
