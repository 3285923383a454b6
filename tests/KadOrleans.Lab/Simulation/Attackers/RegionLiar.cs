namespace KadOrleans.Lab;

/// <summary>How a <see cref="RegionLiar"/> treats those who keep the values of its region alive.</summary>
public enum RegionLie
{
    /// <summary>Names its accomplices alone, which hides honest nodes, and says that it took what it was given.</summary>
    Hide,

    /// <summary>Names ever new contacts beside the target, which do not exist.</summary>
    Invent,

    /// <summary>Refuses every STORE.</summary>
    Refuse,

    /// <summary>Answers no STORE, but all else.</summary>
    Drop,

    /// <summary>Answers two STOREs of three not at all.</summary>
    DropMost,

    /// <summary>Answers STOREs just before they would be given up.</summary>
    Delay,

    /// <summary>Gives another write token with each answer, and wants the value again.</summary>
    ChangeTokens,
}

/// <summary>One of a gang in a region of the key space. It answers pings, so that it stays in tables, and stores nothing.</summary>
internal sealed class RegionLiar(NodeId id, SimulatedTransport transport, RegionLie lie, IReadOnlyList<Contact> gang, SimulatedWorld world)
    : ScriptedPeer(id, transport)
{
    private const int Named = 20;
    private const int InventedBits = 20;

    private static readonly TimeSpan Late = TimeSpan.FromSeconds(4.5);

    public int Stores { get; private set; }

    private protected override void Take(Request request, MessageId id, UdpEndpoint source)
    {
        if (request.Kind != RequestKind.Store)
        {
            base.Take(request, id, source);
            return;
        }

        Stores++;
        if (lie == RegionLie.Delay)
        {
            var answer = new byte[Datagram.MaxLength];
            world.Clock.Schedule(new LateAnswer(this, answer.AsMemory(0, Answer(request, id, source, answer)), source), Late);
        }
        else if (lie != RegionLie.Drop && (lie != RegionLie.DropMost || Stores % 3 == 0))
        {
            base.Take(request, id, source);
        }
    }

    private protected override int Answer(Request request, MessageId id, UdpEndpoint source, Span<byte> answer)
    {
        var token = lie == RegionLie.ChangeTokens ? new WriteToken(world.Random.NextUInt32() | 1ul << 32) : default;
        return request.Kind switch
        {
            RequestKind.Ping => ResponseWriter.WritePong(answer, id, Id, token),
            RequestKind.Store => ResponseWriter.WriteStored(answer, id, lie != RegionLie.Refuse, token),
            _ => base.Answer(request, id, source, answer),
        };
    }

    protected override Contact[] Name(NodeId target) => lie == RegionLie.Invent
        ? [.. Enumerable.Range(0, Named).Select(_ => new Contact(target.RandomWithPrefix(InventedBits, world.Random), AttackerAddresses.Forged(world.Random)))]
        : [.. gang.OrderBy(contact => contact.Id.DistanceTo(target)).Take(Named)];
}
