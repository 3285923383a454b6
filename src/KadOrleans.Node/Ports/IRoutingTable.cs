using KadOrleans.Core;
using KadOrleans.Core.Routing;

namespace KadOrleans.Node.Ports;

/// <summary>
/// The routing table as the engine sees it: an immutable snapshot to answer from, and a sink for observations. Every
/// member may be used from several threads at once, and none of them waits.
/// </summary>
public interface IRoutingTable
{
    /// <summary>The newest snapshot of the table.</summary>
    RoutingTableSnapshot Snapshot { get; }

    /// <summary>
    /// Reports what was seen of a contact. It shows in a later <see cref="Snapshot"/>, at once or after a while.
    /// </summary>
    void Observe(ContactObservation observation);

    /// <summary>Sets the listener for the table's decisions. Called once, before the first observation.</summary>
    void Attach(IRoutingTableListener listener);
}

/// <summary>Gets the decisions of a routing table. Calls come from any thread and must return soon.</summary>
public interface IRoutingTableListener
{
    /// <summary>A verified contact entered the table.</summary>
    void OnContactAdded(Contact contact);

    /// <summary>The table wants to know whether this contact still answers (Kademlia §2.2).</summary>
    void OnCheckNeeded(Contact contact);
}
