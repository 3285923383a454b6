using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Orleans.Storage;

namespace KadOrleans.Silo.Storage;

/// <summary>
/// Writes or deletes one row if its ETag is the one that the writer read. Tags are random: those of a row that was deleted
/// and written anew never come back, so a writer from before finds itself stale.
/// </summary>
internal sealed class GrainWrite : ResultOperation<long?>
{
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
        var stored = statements.ReadETag(_key)?.ToString("x16", CultureInfo.InvariantCulture);
        if (stored != _expected)
        {
            _conflict = new InconsistentStateException(
                $"The state {_key} was written by another since it was read.", stored, _expected);
            return;
        }

        if (_deletes)
        {
            statements.Delete(_key);
            return;
        }

        var etag = NewETag();
        statements.Write(_key, etag, _payload);
        Result = etag;
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

    private static long NewETag()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadInt64BigEndian(bytes);
    }
}
