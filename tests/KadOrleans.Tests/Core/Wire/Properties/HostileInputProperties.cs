using FsCheck;
using FsCheck.Fluent;

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
    public void Random_bytes_never_throw() => Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), DriveBody).QuickCheckThrowOnFailure();

    [Fact]
    public void Random_MessagePack_headers_never_throw()
    {
        // Bytes that all begin objects: text, bin, arrays, maps, ext and the wide headers.
        var generator = Gen.Frequency((3, Gen.Choose(0x80, 0xDF)), (1, Gen.Choose(0, 255)))
            .Select(code => (byte)code)
            .ArrayOf()
            .ToArbitrary();
        Prop.ForAll(generator, DriveBody).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Recorded_datagrams_with_changed_bytes_never_throw()
    {
        var generator =
            from index in Gen.Choose(0, Recorded.Length - 1)
            from changes in (
                from position in Gen.Choose(0, 120)
                from value in Gen.Choose(0, 255)
                select (position, value)).ArrayOf(3)
            select (index, changes);
        Prop.ForAll(generator.ToArbitrary(), mutation =>
        {
            byte[] datagram = [.. Recorded[mutation.index]];
            foreach (var (position, value) in mutation.changes.Where(change => change.position < datagram.Length))
            {
                datagram[position] = (byte)value;
            }

            Drive(datagram);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }

    [Fact]
    public void Truncated_datagrams_never_throw_and_are_never_read_as_whole()
    {
        Assert.All(WireVectors.Datagrams.Where(datagram => datagram.IsRequest), datagram =>
        {
            for (var length = 0; length < datagram.Bytes.Length; length++)
            {
                Assert.False(Drive(datagram.Bytes.AsSpan(0, length)));
            }
        });
        Assert.All(Recorded, datagram =>
        {
            for (var length = 0; length < Math.Min(datagram.Length, Datagram.MaxLength); length++)
            {
                Drive(datagram.AsSpan(0, length));
            }
        });
    }

    private static void DriveBody(byte[] body) => Drive([0, .. new byte[MessageId.Length], .. body]);

    /// <summary>Runs every decoder and returns whether the datagram is a request.</summary>
    private static bool Drive(ReadOnlySpan<byte> datagram)
    {
        if (!Datagram.TryReadHeader(datagram, out var kind, out _, out var body, out _))
        {
            return false;
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var decoded = Decode(body);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange(allocated, 0, (16 * body.Length) + AllowanceBytes);
        return decoded && kind == DatagramKind.Request;
    }

    private static bool Decode(ReadOnlySpan<byte> body)
    {
        var decoded = Request.TryDecode(body, out var request, out _);
        if (decoded && request.Kind == RequestKind.Store)
        {
            request.AsStore();
        }

        ResponseReader.TryReadPong(body, out _);
        ResponseReader.TryReadStun(body, out _);
        ResponseReader.TryReadStored(body, out _);
        ResponseReader.TryReadNodes(body, Contacts, out _);
        ResponseReader.TryReadFindValue(body, Contacts, out _, out _);
        return decoded;
    }
}
