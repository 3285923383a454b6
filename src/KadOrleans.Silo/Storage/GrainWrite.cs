using System.Buffers.Binary;
using System.Globalization;
using KadOrleans.Node;
using Orleans.Storage;

namespace KadOrleans.Silo.Storage;

/// <summary>
/// Writes or deletes one row if its ETag is the one that the writer read. Tags are random: those of a row that was deleted
/// and written anew never come back, so a writer from before finds itself stale.
/// </summary>
internal sealed class GrainWrite : ResultOperation<long?>
{
    private static readonly CryptographicRandomSource Tags = new();

    private readonly GrainRowKey _key;
    private readonly string? _expected;
    private readonly byte[]? _payload;
    private readonly bool _deletes;
    private InconsistentStateException? _conflict;

    private GrainWrite(GrainRowKey key, string? expected, byte[]? payload, bool deletes)
    {
        _key = key;
        _expected = string.IsNullOrEmpty(expected) ? null : expected;
        _payload = payload;
        _deletes = deletes;
    }

    public override bool IsWrite => true;

    public override int Size => _payload?.Length ?? 0;

    /// <summary>Puts a payload into the row; null leaves a row without one.</summary>
    /// <param name="key">The row.</param>
    /// <param name="expected">The ETag it must have; null or empty if there must be no row.</param>
    /// <param name="payload">What it is to hold.</param>
    public static GrainWrite Put(GrainRowKey key, string? expected, byte[]? payload) => new(key, expected, payload, deletes: false);

    /// <summary>Deletes the row.</summary>
    public static GrainWrite Delete(GrainRowKey key, string? expected) => new(key, expected, payload: null, deletes: true);

    public override void Run(GrainStatements statements)
    {
        var etag = NewETag();
        if (TryRun(statements, etag))
        {
            Result = _deletes ? null : etag;
            return;
        }

        var stored = statements.ReadETag(_key);
        _conflict = new InconsistentStateException(
            $"The state {_key} was written by another since it was read.", stored is { } tag ? Text(tag) : null, _expected);
    }

    public override void Complete()
    {
        if (_conflict is { } conflict)
        {
            Fail(conflict);
            return;
        }

        base.Complete();
    }

    /// <summary>An ETag as grains have it.</summary>
    public static string Text(long etag) => etag.ToString("x16", CultureInfo.InvariantCulture);

    private bool TryRun(GrainStatements statements, long etag)
    {
        if (_expected is null)
        {
            // Deleting what was never written leaves it so.
            return _deletes ? statements.ReadETag(_key) is null : statements.TryInsert(_key, etag, _payload);
        }

        return long.TryParse(_expected, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var expected)
            && (_deletes ? statements.TryDelete(_key, expected) : statements.TryUpdate(_key, expected, etag, _payload));
    }

    private static long NewETag()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        Tags.Fill(bytes);
        return BinaryPrimitives.ReadInt64BigEndian(bytes);
    }
}
