using System.Net.Sockets;
using KadOrleans.Core.Items;

namespace KadOrleans.Lab;

/// <summary>Puts items into a node of BitTorrent's DHT and gets them again (BEP 44), one request after another.</summary>
internal sealed class ItemPeer : IDisposable
{
    // On loopback a node answers within a millisecond, or not at all.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);

    private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly IPEndPoint _node;
    private readonly byte[] _id;
    private uint _transaction;

    public ItemPeer(UdpEndpoint node, NodeId id) => (_node, _id) = (IPEndPoint.Parse(node.ToString()), id.ToByteArray());

    /// <summary>What the node answers to a put: <c>stored</c>, <c>error 302</c>, or <c>no answer</c>.</summary>
    public async Task<string> PutAsync(NodeId key, ItemParts parts, long? cas = null, bool withEmptySalt = false)
    {
        if (await AskAsync(WriteGet(key)) is not { } read)
        {
            return "no answer to get";
        }

        var answer = await AskAsync(WritePut(parts, read.Token, cas, withEmptySalt));
        return answer is null ? "no answer" : answer.Error is { } code ? $"error {code}" : "stored";
    }

    /// <summary>The parts that the node holds of a key; null if it holds none.</summary>
    public async Task<ItemParts?> GetAsync(NodeId key) => (await AskAsync(WriteGet(key)))?.Held;

    public void Dispose() => _socket.Dispose();

    private byte[] WriteGet(NodeId key)
    {
        var buffer = new byte[200];
        var writer = Begin(buffer);
        writer.WriteBytes("id"u8);
        writer.WriteBytes(_id);
        writer.WriteBytes("target"u8);
        writer.WriteBytes(key.ToByteArray());
        return End(ref writer, buffer, "get"u8);
    }

    private byte[] WritePut(ItemParts parts, byte[] token, long? cas, bool withEmptySalt)
    {
        var buffer = new byte[9_000];
        var writer = Begin(buffer);
        if (cas is { } expected)
        {
            writer.WriteBytes("cas"u8);
            writer.WriteInteger(expected);
        }

        writer.WriteBytes("id"u8);
        writer.WriteBytes(_id);
        if (parts.IsMutable)
        {
            writer.WriteBytes("k"u8);
            writer.WriteBytes(parts.PublicKey.Span);
            if (!parts.Salt.IsEmpty || withEmptySalt)
            {
                writer.WriteBytes("salt"u8);
                writer.WriteBytes(parts.Salt.Span);
            }

            writer.WriteBytes("seq"u8);
            writer.WriteInteger(parts.Seq);
            writer.WriteBytes("sig"u8);
            writer.WriteBytes(parts.Signature.Span);
        }

        writer.WriteBytes("token"u8);
        writer.WriteBytes(token);
        writer.WriteBytes("v"u8);
        writer.WriteEncoded(parts.Value.Span);
        return End(ref writer, buffer, "put"u8);
    }

    private static BencodeWriter Begin(byte[] buffer)
    {
        var writer = new BencodeWriter(buffer);
        writer.WriteDictionary();
        writer.WriteBytes("a"u8);
        writer.WriteDictionary();
        return writer;
    }

    private byte[] End(ref BencodeWriter writer, byte[] buffer, ReadOnlySpan<byte> query)
    {
        Span<byte> transaction = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(transaction, ++_transaction);
        writer.WriteContainerEnd();
        writer.WriteBytes("q"u8);
        writer.WriteBytes(query);
        writer.WriteBytes("t"u8);
        writer.WriteBytes(transaction);
        writer.WriteBytes("y"u8);
        writer.WriteBytes("q"u8);
        writer.WriteContainerEnd();
        return buffer[..writer.Length];
    }

    private async Task<Answer?> AskAsync(byte[] request)
    {
        await _socket.SendAsync(request, _node);
        using var timeout = new CancellationTokenSource(Silence);
        try
        {
            while (true)
            {
                var datagram = (await _socket.ReceiveAsync(timeout.Token)).Buffer;
                if (Answer.TryRead(datagram, _transaction, out var answer))
                {
                    return answer;
                }
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private sealed record Answer(long? Error, byte[] Token, ItemParts? Held)
    {
        public static bool TryRead(byte[] datagram, uint transaction, out Answer? answer)
        {
            answer = null;
            var fields = ReadFields(datagram);
            if (!fields.TryGetValue("t", out var echoed) || Content(echoed) is not { Length: sizeof(uint) } id
                || BinaryPrimitives.ReadUInt32BigEndian(id) != transaction || fields.ContainsKey("q"))
            {
                return false;
            }

            var body = fields.TryGetValue("r", out var response) ? ReadFields(response) : [];
            answer = new Answer(
                fields.TryGetValue("e", out var error) ? Number(error.AsSpan(1)) : null,
                body.TryGetValue("token", out var token) ? Content(token) : [],
                body.TryGetValue("v", out var value) ? Read(body, value) : null);
            return true;
        }

        private static ItemParts Read(Dictionary<string, byte[]> body, byte[] value) => new()
        {
            IsMutable = body.ContainsKey("k"),
            PublicKey = body.TryGetValue("k", out var publicKey) ? Content(publicKey) : default,
            Seq = body.TryGetValue("seq", out var seq) ? Number(seq) : 0,
            Signature = body.TryGetValue("sig", out var signature) ? Content(signature) : default,
            Value = value,
        };

        private static Dictionary<string, byte[]> ReadFields(byte[] dictionary)
        {
            var fields = new Dictionary<string, byte[]>();
            var reader = new BencodeReader(dictionary);
            ReadOnlySpan<byte> previous = default;
            var isRead = reader.TryReadDictionary();
            for (var isFirst = true; isRead && !reader.IsContainerEnd; isFirst = false)
            {
                isRead = reader.TryReadKey(isFirst, previous, out var key) & reader.TryReadValue(1, out var value);
                fields[System.Text.Encoding.ASCII.GetString(key)] = value.ToArray();
                previous = key;
            }

            return fields;
        }

        private static byte[] Content(byte[] encoded) => new BencodeReader(encoded).TryReadBytes(out var content) ? content.ToArray() : [];

        private static long Number(ReadOnlySpan<byte> encoded) => new BencodeReader(encoded).TryReadInteger(out var number) ? number : -1;
    }
}
