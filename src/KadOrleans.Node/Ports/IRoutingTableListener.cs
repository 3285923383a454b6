using KadOrleans.Core;

namespace KadOrleans.Node.Ports;

/// <summary>Told what a routing table decided. Calls come from any thread and return soon.</summary>
public interface IRoutingTableListener
{
    /// <summary>A verified contact entered the table.</summary>
    void OnContactAdded(Contact contact);

    /// <summary>The table wants to know whether this contact still answers (Kademlia §2.2).</summary>
    void OnCheckNeeded(Contact contact);
}
