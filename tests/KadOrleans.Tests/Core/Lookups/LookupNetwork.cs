namespace KadOrleans.Tests.Core;

/// <summary>Contacts around one target, nearest first, each in a /24 of its own unless a test says otherwise.</summary>
internal sealed class LookupNetwork
{
    public const int BucketSize = 6;

    private readonly SeededRandomSource _random;
    private uint _nextNetwork = 0x0B00_0001;

    public LookupNetwork(int seed, int contacts)
    {
        _random = new SeededRandomSource(seed);
        (Own, Target) = (NodeId.Random(_random), NodeId.Random(_random));
        Contacts = [.. Enumerable.Range(0, contacts).Select(_ => Random()).OrderBy(c => c.Id.DistanceTo(Target))];
    }

    public NodeId Own { get; }

    public NodeId Target { get; }

    public Contact[] Contacts { get; }

    public KademliaOptions Options { get; init; } = new() { BucketSize = BucketSize, DisjointPaths = 1 };

    public Contact Random() => new(NodeId.Random(_random), NextEndpoint());

    /// <summary>A contact that shares so many leading bits with the target.</summary>
    public Contact Near(int bits, UdpEndpoint? endpoint = null) =>
        new(Target.RandomWithPrefix(bits, _random), endpoint ?? NextEndpoint());

    public UdpEndpoint NextEndpoint()
    {
        _nextNetwork += 0x100;
        return UdpEndpoint.FromIPv4(_nextNetwork, 8468);
    }

    public Lookup Start(LookupKind kind, IEnumerable<Contact> seeds, LookupPolicy? policy = null) =>
        new(Own, Target, kind, seeds.ToArray(), Options, policy);

    /// <summary>A lookup whose first contacts are asked.</summary>
    public Lookup Begin(LookupKind kind, IEnumerable<Contact> seeds, LookupPolicy? policy = null)
    {
        var lookup = Start(kind, seeds, policy);
        TakeAll(lookup);
        return lookup;
    }

    public static Contact[] TakeAll(Lookup lookup)
    {
        var taken = new List<Contact>();
        while (lookup.TryNext(out var contact))
        {
            taken.Add(contact);
        }

        return [.. taken];
    }

    /// <summary>Has everybody who is asked answer until nobody is asked any more.</summary>
    public static void Run(Lookup lookup, Action<Contact> answer)
    {
        for (var asked = TakeAll(lookup); asked.Length > 0; asked = TakeAll(lookup))
        {
            Array.ForEach(asked, answer);
        }
    }

    /// <summary>Everybody names the contacts that are said for it, or fails.</summary>
    public static void Run(Lookup lookup, Func<Contact, Contact[]?> namedBy) => Run(lookup, contact =>
    {
        if (namedBy(contact) is { } named)
        {
            lookup.OnNodes(contact, named);
        }
        else
        {
            lookup.OnFailed(contact);
        }
    });

    /// <summary>Everybody gives the value that is said for it, or no contacts.</summary>
    public static void Run(Lookup lookup, Func<Contact, long?> valueOf) => Run(lookup, contact =>
    {
        if (valueOf(contact) is { } value)
        {
            lookup.OnValue(contact, DhtValue.FromInteger(value));
        }
        else
        {
            lookup.OnNodes(contact, []);
        }
    });
}
