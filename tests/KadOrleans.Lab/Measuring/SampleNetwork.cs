namespace KadOrleans.Lab;

/// <summary>Contacts and ids to measure with, the same in every run.</summary>
internal static class SampleNetwork
{
    public const int BucketSize = 20;

    public const string Range = "11.0.0.0/8";

    private const uint FirstAddress = 0x0B00_0001;

    public static NodeId OwnId { get; } = NodeId.FromKey("this node");

    public static Contact[] CreateContacts(int count)
    {
        var random = new SeededRandomSource(1);
        return [.. Enumerable.Range(0, count).Select(i =>
            new Contact(NodeId.Random(random), UdpEndpoint.FromIPv4(FirstAddress + ((uint)i << 8), 8468)))];
    }

    /// <summary>Random ids. Their number is a power of two, so that going around them costs nothing.</summary>
    public static NodeId[] CreateTargets()
    {
        var random = new SeededRandomSource(2);
        return [.. Enumerable.Range(0, 1024).Select(_ => NodeId.Random(random))];
    }

    /// <summary>A table that was offered all of the contacts and kept what fits.</summary>
    public static RoutingTable CreateTable(IEnumerable<Contact> contacts)
    {
        var table = new RoutingTable(OwnId, new KademliaOptions(), new SubnetDiversity(), Samples.Now);
        foreach (var contact in contacts)
        {
            table.Apply(ContactObservation.Answered(contact), Samples.Now);
        }

        return table;
    }

    /// <summary>The same as a node has it: with a new snapshot at each change.</summary>
    public static LocalRoutingTable CreateLocalTable(IEnumerable<Contact> contacts)
    {
        var table = new LocalRoutingTable(OwnId, new KademliaOptions(), new SubnetDiversity(), TimeProvider.System);
        foreach (var contact in contacts)
        {
            table.Observe(ContactObservation.Answered(contact));
        }

        return table;
    }
}

/// <summary>One datagram of each kind, as another node sends it.</summary>
internal static class SampleDatagrams
{
    public static MessageId Id { get; } = MessageId.Random(new SeededRandomSource(3));

    public static NodeId Key { get; } = NodeId.FromKey("key");

    public static DhtValue Value { get; } = DhtValue.FromBytes(new byte[RequestTemplate.ValueLength]);

    public static byte[] Of(RequestKind kind, NodeId sender) => RequestBytes.Of(kind, Id, new StoreRequest(sender, Key, Value));

    public static byte[] Nodes(Contact[] contacts)
    {
        var buffer = new byte[Datagram.MaxLength];
        return buffer[..ResponseWriter.WriteNodes(buffer, Id, contacts)];
    }

    public static Request Decode(byte[] datagram)
    {
        Datagram.TryReadHeader(datagram, out _, out _, out var body);
        Request.TryDecode(body, out var request);
        return request;
    }
}
