namespace KadOrleans.Tests.Core;

/// <summary>Whatever arrives: no exception, no unbounded memory. A failure prints the seed to replay it with.</summary>
public sealed class HostileInputProperties
{
    /// <summary>Room for parsing IPv6 texts, and for the objects around a value.</summary>
    private const int AllowanceBytes = 4_096;

    private static readonly byte[][] Recorded = [.. WireVectors.AllDatagrams];
    private static readonly Contact[] Contacts = new Contact[20];

    public HostileInputProperties()
    {
        // What is set up once, at the first use of a type, is not what a datagram costs.
        foreach (var datagram in Recorded.Where(datagram => datagram.Length > Datagram.HeaderLength))
        {
            Decode(datagram.AsSpan(Datagram.HeaderLength));
        }
    }

    [Fact]
    public void Random_bytes_never_throw() => Randomized.ForSeeds(300, random =>
    {
        // Half of them all begin objects: text, bin, arrays, maps, ext and the wide headers.
        var body = random.NextBytes(random.Next(100));
        Drive([0, .. new byte[MessageId.Length], .. body]);
        Drive([0, .. new byte[MessageId.Length], .. body.Select(code => code % 4 == 0 ? code : (byte)(0x80 + (code % 0x60)))]);
    });

    [Fact]
    public void Recorded_datagrams_with_changed_bytes_never_throw() => Randomized.ForSeeds(2_000, random =>
    {
        byte[] datagram = [.. Recorded[random.Next(Recorded.Length)]];
        for (var changes = 0; changes < 3 && datagram.Length > 0; changes++)
        {
            datagram[random.Next(Math.Min(datagram.Length, 121))] = random.NextBytes(1)[0];
        }

        Drive(datagram);
    });

    [Fact]
    public void Truncated_datagrams_never_throw_and_are_never_read_as_whole()
    {
        var requests = WireVectors.Datagrams.Where(datagram => datagram.IsRequest).Select(datagram => datagram.Bytes).ToHashSet();
        Assert.All(Recorded, datagram =>
        {
            for (var length = 0; length < Math.Min(datagram.Length, Datagram.MaxLength); length++)
            {
                Assert.False(Drive(datagram.AsSpan(0, length)) && requests.Contains(datagram));
            }
        });
    }

    /// <summary>Runs every decoder and returns whether the datagram is a request.</summary>
    private static bool Drive(ReadOnlySpan<byte> datagram)
    {
        if (!Datagram.TryReadHeader(datagram, out var kind, out _, out var body))
        {
            return false;
        }

        var bound = (16 * body.Length) + AllowanceBytes;
        var (decoded, allocated) = Measure(body);
        for (var again = 0; allocated > bound && again < 3; again++)
        {
            // Another test's collection counts the rest of this thread's buffer: see Allocation.
            (decoded, allocated) = Measure(body);
        }

        Assert.InRange(allocated, 0, bound);
        return decoded && kind == DatagramKind.Request;
    }

    private static (bool Decoded, long Allocated) Measure(ReadOnlySpan<byte> body)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var decoded = Decode(body);
        return (decoded, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static bool Decode(ReadOnlySpan<byte> body)
    {
        var decoded = Request.TryDecode(body, out var request);
        if (decoded && request.Kind == RequestKind.Store)
        {
            request.AsStore();
        }

        ResponseReader.TryReadPong(body, out _);
        ResponseReader.TryReadStun(body, out _);
        ResponseReader.TryReadStored(body, out _);
        ResponseReader.TryReadNodes(body, Contacts, out _);
        ResponseReader.TryReadFindValue(body, Contacts, out _, out _);
        ResponseReader.TryReadToken(body, out _);
        return decoded;
    }
}
