using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using KadOrleans.Core;

namespace KadOrleans.Node.Diagnostics;

/// <summary>Reports the tables of all nodes of the process together: their ids may not become tags.</summary>
internal static class TableGauges
{
    private static readonly ConcurrentDictionary<Reachability, byte> Watched = new(1, 31);

    static TableGauges()
    {
        NodeMetrics.Meter.CreateObservableGauge(
            "kad.table.contacts", MeasureContacts, "{contact}", "Contacts, by the bits that their id shares with the node's own.");
        NodeMetrics.Meter.CreateObservableGauge(
            "kad.nodes.served", () => Watched.Count, "{node}", "Node ids that the process serves.");
        NodeMetrics.Meter.CreateObservableGauge(
            "kad.nodes.connected",
            () => Watched.Keys.Count(node => node.IsGood),
            "{node}",
            "Node ids with a contact that answers.");
    }

    public static void Watch(Reachability node) => Watched.TryAdd(node, 0);

    public static void Forget(Reachability node) => Watched.TryRemove(node, out _);

    // At most NodeId.BitLength series; a prefix length without contacts has none.
    private static IEnumerable<Measurement<int>> MeasureContacts()
    {
        var counts = new int[NodeId.BitLength];
        foreach (var snapshot in Watched.Keys.Select(node => node.Table.Snapshot))
        {
            foreach (var contact in snapshot.Contacts)
            {
                counts[snapshot.OwnId.CommonPrefixLength(contact.Id)]++;
            }
        }

        for (var length = 0; length < counts.Length; length++)
        {
            if (counts[length] > 0)
            {
                yield return new Measurement<int>(counts[length], new KeyValuePair<string, object?>("kad.prefix.length", length));
            }
        }
    }
}
