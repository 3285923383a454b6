using System.Buffers;
using System.Net;
using System.Text.RegularExpressions;
using Orleans.Configuration;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Session;
using Orleans.Serialization.WireProtocol;

namespace KadOrleans.Grains;

/// <summary>
/// The cluster that the first message of a connection names. Orleans ends a connection that names another one without a word, so a silo
/// answers with the caller's own message, in which its cluster's id replaces the other: every Orleans client then says which id it met.
/// </summary>
internal sealed partial class NamedCluster(
    IOptions<ClusterOptions> options, SerializerSessionPool sessions, TimeProvider time, ILogger<NamedCluster> logger)
{
    /// <summary>
    /// The field of the cluster's id in Orleans' message, which has the version, the caller's name and the silo's address before it.
    /// </summary>
    private const uint ClusterField = 3;

    private readonly LogPause _logged = new();

    /// <summary>The id of the silo's own cluster.</summary>
    public string Own => options.Value.ClusterId;

    /// <summary>The answer to a first message that names another cluster; null if it does not.</summary>
    public byte[]? FindRefusal(byte[] message, EndPoint? caller)
    {
        using var session = sessions.GetSession();
        if (Find(message, session) is not { } named || named.Id == Own)
        {
            return null;
        }

        if (_logged.TryLog(time.GetElapsedTime(0)))
        {
            logger.OtherClusterNamed(caller, VisibleText.Excerpt(named.Id), Own);
        }

        return Replace(message, named.Start, named.End, Own, session);
    }

    /// <summary>The ids of a connection that failed as the silo is of another cluster, as Orleans says it; null if it failed otherwise.</summary>
    public static (string Met, string Expected)? FindOther(Exception failure)
    {
        for (var at = failure; at is not null; at = at.InnerException)
        {
            if (Unexpected().Match(at.Message) is { Success: true } match)
            {
                return (VisibleText.Excerpt(match.Groups["met"].Value), match.Groups["own"].Value);
            }
        }

        return null;
    }

    [GeneratedRegex("Unexpected cluster id \"(?<met>[^\"]*)\", expected \"(?<own>[^\"]*)\"")]
    private static partial Regex Unexpected();

    /// <summary>
    /// The id, and where in the message its length and its text are. Null if the message has none, or is of a form that is not known.
    /// </summary>
    private static (string Id, int Start, int End)? Find(ReadOnlyMemory<byte> message, SerializerSession session)
    {
        try
        {
            var reader = Reader.Create(message, session);
            reader.ReadFieldHeader();
            for (var field = 0u; ;)
            {
                var header = reader.ReadFieldHeader();
                if (header.IsEndBaseOrEndObject)
                {
                    return null;
                }

                field += header.FieldIdDelta;
                if (field != ClusterField || header.WireType != WireType.LengthPrefixed)
                {
                    reader.SkipField(header);
                    continue;
                }

                var start = (int)reader.Position;
                var id = StringCodec.ReadValue(ref reader, header);
                return id is null ? null : (id, start, (int)reader.Position);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A stranger's bytes. Orleans refuses them.
            return null;
        }
    }

    /// <summary>The same message with another id, behind its length in four bytes.</summary>
    private static byte[] Replace(ReadOnlyMemory<byte> message, int start, int end, string id, SerializerSession session)
    {
        var body = new ArrayBufferWriter<byte>(message.Length + id.Length);
        body.Write(message.Span[..start]);
        var writer = Writer.Create(body, session);
        var text = System.Text.Encoding.UTF8.GetBytes(id);
        writer.WriteVarUInt32((uint)text.Length);
        writer.Write(text);
        writer.Commit();
        body.Write(message.Span[end..]);
        var framed = new byte[sizeof(int) + body.WrittenCount];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(framed, body.WrittenCount);
        body.WrittenSpan.CopyTo(framed.AsSpan(sizeof(int)));
        return framed;
    }
}
