using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Routing;
using KadOrleans.Simulation;

namespace KadOrleans.Benchmarks;

/// <summary>Contacts and ids to measure with, the same in every run.</summary>
internal static class SampleNetwork
{
    /// <summary>k of the protocol.</summary>
    public const int BucketSize = 20;

    /// <summary>The range that all contacts are in.</summary>
    public const string Range = "11.0.0.0/8";

    private const uint FirstAddress = 0x0B00_0001;

    /// <summary>The moment at which everything happens.</summary>
    public static DateTimeOffset Now { get; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static NodeId OwnId { get; } = NodeId.FromKey("this node");

    /// <summary>Contacts with random ids, each in a subnet of its own.</summary>
    public static Contact[] CreateContacts(int count, int seed = 1)
    {
        var random = new SeededRandomSource(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
            new Contact(NodeId.Random(random), UdpEndpoint.FromIPv4(FirstAddress + ((uint)i << 8), 8468)))];
    }

    /// <summary>Random ids. Their number is a power of two, so that going around them costs nothing.</summary>
    public static NodeId[] CreateTargets(int count = 1024)
    {
        var random = new SeededRandomSource(2);
        return [.. Enumerable.Range(0, count).Select(_ => NodeId.Random(random))];
    }

    public static RoutingTable CreateTable() => new(OwnId, new KademliaOptions(), new SubnetDiversity(), Now);

    /// <summary>A table that was offered all of the contacts and kept what fits.</summary>
    public static RoutingTable CreateTable(IEnumerable<Contact> contacts)
    {
        var table = CreateTable();
        foreach (var contact in contacts)
        {
            table.Apply(ContactObservation.Answered(contact), Now);
        }

        return table;
    }
}
