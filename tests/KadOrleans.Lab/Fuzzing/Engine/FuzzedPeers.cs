namespace KadOrleans.Lab;

/// <summary>Everybody beside the node: contacts, which mostly answer it as nodes do, and strangers, who come and go.</summary>
internal sealed class FuzzedPeers(NodeId ownId)
{
    private const int ContactCount = 40;
    private const int StrangerCount = 12;

    /// <summary>Contacts in one answer: more than k, which an honest one never has.</summary>
    private const int MaxNamed = 30;

    private static readonly string[] OddEndpoints =
        ["127.0.0.1:9", "[::1]:9", "169.254.1.1:80", "[fe80::1]:80", "10.1.2.3:8468", "[2001:db8::7]:8468", "0.1.2.3:53"];

    private readonly Contact[] _contacts = [.. Enumerable.Range(1, ContactCount).Select(i => IdentityOf($"11.1.{i}.1:8468"))];
    private readonly UdpEndpoint[] _strangers =
        [.. Enumerable.Range(1, StrangerCount).Select(i => UdpEndpoint.FromIPv4(FirstStranger + (uint)i, 8468))];

    // 11.77.0.0: never among the addresses of recorded datagrams, so that no lookup is led to a stranger.
    private const uint FirstStranger = 0x0B4D_0000;
    private uint _nextStranger = FirstStranger + StrangerCount + 1;

    public IReadOnlyList<Contact> Contacts => _contacts;

    public Contact PickContact(ref FuzzRandom random) => _contacts[random.Next(_contacts.Length)];

    /// <summary>An endpoint that the node may never have heard of; now and then a peculiar one.</summary>
    public UdpEndpoint PickStranger(ref FuzzRandom random)
    {
        if (random.Next(16) == 0)
        {
            return UdpEndpoint.Parse(OddEndpoints[random.Next(OddEndpoints.Length)]);
        }

        var index = random.Next(_strangers.Length);
        if (random.Next(8) == 0)
        {
            _strangers[index] = UdpEndpoint.FromIPv4(_nextStranger++, 8468);
        }

        return _strangers[index];
    }

    public bool IsContact(UdpEndpoint endpoint) => _contacts.Any(contact => contact.Endpoint == endpoint);

    /// <summary>Answers a request as a node would, or nearly: ids and contacts may be lies.</summary>
    public byte[] Answer(OpenRequest request, ref FuzzRandom random)
    {
        var buffer = new byte[Datagram.MaxLength];
        var length = request.Kind switch
        {
            RequestKind.Ping => ResponseWriter.WritePong(buffer, request.Id, IdOf(request.Destination, ref random)),
            RequestKind.Stun => ResponseWriter.WriteStun(buffer, request.Id, LedgerTransport.Own),
            RequestKind.Store => ResponseWriter.WriteStored(buffer, request.Id, random.Next(4) > 0),
            RequestKind.FindValue when random.Next(8) == 0 =>
                ResponseWriter.WriteValue(buffer, request.Id, DhtValue.FromInteger(random.Next(3)), RandomLife(ref random)),
            _ => ResponseWriter.WriteNodes(buffer, request.Id, PickContacts(ref random)),
        };
        return buffer[..length];
    }

    /// <summary>A request as a node sends it, for one of many keys.</summary>
    public static byte[] Ask(RequestKind kind, ref FuzzRandom random)
    {
        var id = RandomMessageId(ref random);
        var (sender, key) = (RandomId(ref random), RandomId(ref random));
        return RequestBytes.Of(kind, id, kind == RequestKind.Store
            ? new StoreRequest(sender, key, DhtValue.FromBytes(new byte[random.Next(2_500)]), RandomLife(ref random))
            : new StoreRequest(sender, key, default));
    }

    private static uint? RandomLife(ref FuzzRandom random) => random.Next(3) switch
    {
        0 => null,
        1 => (uint)random.Next(700_000),
        _ => random.Next(2) == 0 ? 0 : uint.MaxValue,
    };

    private static Contact IdentityOf(string endpoint) => new(NodeId.FromKey(endpoint), UdpEndpoint.Parse(endpoint));

    private NodeId IdOf(UdpEndpoint endpoint, ref FuzzRandom random) => random.Next(24) switch
    {
        0 => ownId,
        1 => PickContact(ref random).Id,
        2 => RandomId(ref random),
        _ => NodeId.FromKey(endpoint.ToString()),
    };

    private Contact[] PickContacts(ref FuzzRandom random)
    {
        var contacts = new Contact[random.Next(MaxNamed + 1)];
        for (var i = 0; i < contacts.Length; i++)
        {
            contacts[i] = random.Next(6) switch
            {
                0 => new Contact(RandomId(ref random), UdpEndpoint.FromIPv4(0x0B02_0000 + (uint)random.Next(65_536), 1)),
                1 => new Contact(ownId, PickContact(ref random).Endpoint),
                2 => PickContact(ref random) with { Id = RandomId(ref random) },
                _ => PickContact(ref random),
            };
        }

        return contacts;
    }

    private static NodeId RandomId(ref FuzzRandom random)
    {
        Span<byte> bytes = stackalloc byte[NodeId.Length];
        random.Fill(bytes);
        return new NodeId(bytes);
    }

    private static MessageId RandomMessageId(ref FuzzRandom random)
    {
        Span<byte> bytes = stackalloc byte[MessageId.Length];
        random.Fill(bytes);
        return new MessageId(bytes);
    }
}
