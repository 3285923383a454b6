using System.Text;
using KadOrleans.Core.Items;
using KadOrleans.Signatures;

namespace KadOrleans.Lab;

/// <summary>
/// Puts signed items of this project into libtorrent's DHT node, good ones and such that are at a bound or beyond, and says what the node answers and
/// holds. What it gives back is checked as from a stranger.
/// </summary>
internal sealed class LibtorrentItems : IDisposable
{
    // The order of the group that signatures are numbers of, little-endian (RFC 8032 §5.1).
    private static readonly byte[] Order = Convert.FromHexString("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");

    private readonly Ed25519KeyPair _pair = Ed25519KeyPair.FromSeed(new byte[Ed25519KeyPair.SeedLength]);
    private readonly ItemPeer _peer;

    private LibtorrentItems(UdpEndpoint node) => _peer = new ItemPeer(node, NodeId.Random(new CryptographicRandomSource()));

    public static async Task RunAsync(CommandIo io, string[] args)
    {
        if (args.Length > 1)
        {
            throw MeasureCommands.WrongUsage("items", args, "items [INTERPRETER] is needed, a Python that can import libtorrent. [default: python3]");
        }

        await io.Output.WriteLineAsync("| put | answer | held afterwards |");
        await io.Output.WriteLineAsync("|---|---|---|");
        foreach (var (name, answer, held) in await RunAsync(io, args.FirstOrDefault(BenchSettings.DefaultPython)))
        {
            await io.Output.WriteLineAsync($"| {name} | {answer} | {held} |");
        }
    }

    /// <summary>What was put, what the node answered, and what it held afterwards.</summary>
    public static async Task<IReadOnlyList<(string Name, string Answer, string Held)>> RunAsync(CommandIo io, string interpreter)
    {
        await using var process = await ChildCommand.StartPythonAsync(
            io,
            "libtorrent",
            ("INTERPRETER", interpreter),
            "Debian has it in the package python3-libtorrent, for /usr/bin/python3",
            ["Measuring.Libtorrent.node.py"],
            CancellationToken.None);
        using var items = new LibtorrentItems(process.Endpoint);
        var rows = new List<(string Name, string Answer, string Held)>();
        foreach (var (name, parts, cas, withEmptySalt) in items.Puts())
        {
            var key = KeyOf(parts);
            var answer = await items._peer.PutAsync(key, parts, cas, withEmptySalt);
            rows.Add((name, answer, Describe(await items._peer.GetAsync(key), parts.Salt, key)));
        }

        return rows;
    }

    public void Dispose()
    {
        _peer.Dispose();
        _pair.Dispose();
    }

    private IEnumerable<(string Name, ItemParts Parts, long? Cas, bool WithEmptySalt)> Puts()
    {
        yield return ("seq 5 under the condition 7, where nothing is held", Signed("a", 5, "3:one"), 7, false);
        yield return ("the same again", Signed("a", 5, "3:one"), null, false);
        yield return ("seq 5, another value", Signed("a", 5, "3:two"), null, false);
        yield return ("seq 4", Signed("a", 4, "3:two"), null, false);
        yield return ("seq 6 under the condition 4", Signed("a", 6, "3:two"), 4, false);
        yield return ("seq 6 under the condition 5", Signed("a", 6, "3:two"), 5, false);
        yield return ("the same again under the condition 5", Signed("a", 6, "3:two"), 5, false);
        yield return ("seq 4 under the condition 4", Signed("a", 4, "3:two"), 4, false);
        yield return ("seq 7 without bytes", Signed("a", 7, "0:"), null, false);
        yield return ("seq -1", Signed("b", -1, "3:one"), null, false);
        yield return ("seq 0", Signed("c", 0, "3:one"), null, false);
        yield return ("seq 2^63 - 1", Signed("d", long.MaxValue, "3:one"), null, false);
        yield return ("a salt of 64 bytes", Signed(new string('s', 64), 1, "3:one"), null, false);
        yield return ("a salt of 65 bytes", Signed(new string('s', 65), 1, "3:one"), null, false);
        yield return ("an empty salt as a field", Signed(string.Empty, 1, "3:one"), null, true);
        yield return ("a value of 1,000 bytes", Signed("e", 1, $"996:{new string('x', 996)}"), null, false);
        yield return ("a value of 1,001 bytes", Signed("f", 1, $"997:{new string('x', 997)}"), null, false);
        yield return ("keys not in order", Signed("g", 1, "d1:bi1e1:ai2ee"), null, false);
        yield return ("a key twice", Signed("h", 1, "d1:ai1e1:ai2ee"), null, false);
        yield return ("i01e", Signed("i", 1, "i01e"), null, false);
        yield return ("i-0e", Signed("j", 1, "i-0e"), null, false);
        yield return ("03:abc", Signed("k", 1, "03:abc"), null, false);
        yield return ("a number of 20 digits", Signed("l", 1, $"i{new string('1', 20)}e"), null, false);
        yield return ("a number of 21 digits", Signed("m", 1, $"i{new string('1', 21)}e"), null, false);
        yield return ("7 lists within one another", Signed("n", 1, "lllllll" + "eeeeeee"), null, false);
        yield return ("8 lists within one another", Signed("o", 1, "llllllll" + "eeeeeeee"), null, false);
        yield return ("a signature of zeros", Signed("p", 1, "3:one") with { Signature = new byte[64] }, null, false);
        yield return ("S + L", WithOrder(Signed("q", 1, "3:one")), null, false);
        yield return ("a public key of order 1", OfOrderOne(), null, false);
        yield return ("an immutable item", new ItemParts { Value = "3:one"u8.ToArray() }, null, false);
    }

    private ItemParts Signed(string salt, long seq, string value)
    {
        var parts = new ItemParts
        {
            IsMutable = true,
            PublicKey = _pair.PublicKey,
            Salt = Encoding.ASCII.GetBytes(salt),
            Seq = seq,
            Value = Encoding.ASCII.GetBytes(value),
        };
        var message = new byte[SignedMessage.MaxLength + 2];
        var length = SignedMessage.Write(message, parts.Salt.Span, seq, parts.Value.Span);
        return parts with { Signature = _pair.Sign(message.AsSpan(0, length)) };
    }

    private static ItemParts WithOrder(ItemParts parts)
    {
        var signature = parts.Signature.ToArray();
        for (int i = 0, carry = 0; i < Order.Length; i++)
        {
            carry += signature[32 + i] + Order[i];
            signature[32 + i] = (byte)carry;
            carry >>= 8;
        }

        return parts with { Signature = signature };
    }

    // The point (0, 1) as key and as R, and S 0: the equation holds for any message.
    private static ItemParts OfOrderOne()
    {
        var point = new byte[Item.PublicKeyLength];
        point[0] = 1;
        return new ItemParts { IsMutable = true, PublicKey = point, Seq = 1, Value = "3:any"u8.ToArray(), Signature = (byte[])[.. point, .. new byte[32]] };
    }

    // Also of parts that make no item here.
    private static NodeId KeyOf(ItemParts parts) =>
        parts.IsMutable ? NodeId.FromKey([.. parts.PublicKey.Span, .. parts.Salt.Span]) : NodeId.FromKey(parts.Value.Span);

    private static string Describe(ItemParts? held, ReadOnlyMemory<byte> salt, NodeId key)
    {
        if (held is not { } parts)
        {
            return "nothing";
        }

        var value = parts.Value.Length <= 16 ? Encoding.ASCII.GetString(parts.Value.Span) : $"{parts.Value.Length} bytes";
        var what = parts.IsMutable ? string.Create(CultureInfo.InvariantCulture, $"seq {parts.Seq}, {value}") : value;
        return !Item.TryCreate(parts with { Salt = salt }, out var item, out var error) ? $"{what}: {error}"
            : CheckedItem.TryCheck(item, key, Ed25519Signatures.Instance, out _, out error) ? what
            : $"{what}: {error}";
    }
}
