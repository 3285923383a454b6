using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Orleans.Storage;

namespace KadOrleans.GrainStorage.Sqlite;

internal readonly record struct GrainRowKey(string StateName, string GrainId);

/// <summary>A row's content: an ETag, null if there is no row, and the serialized state, null if there is none.</summary>
internal readonly record struct GrainRow(long? ETag, byte[]? Payload);

// Writes or deletes one row if its ETag is the expected one. ETags are random and never recur, so a writer from before a deletion
// gets a conflict. Without an expected ETag there must be no row. A null payload leaves a row without content.
internal sealed class GrainWrite(GrainRowKey key, string? expected, byte[]? payload, bool deletes = false)
    : DatabaseOperation<GrainStatements, long?>
{
    private readonly string? _expected = string.IsNullOrEmpty(expected) ? null : expected;
    private InconsistentStateException? _conflict;

    public override int Size => payload?.Length ?? 0;

    public override void Run(GrainStatements context)
    {
        var etag = NewETag();
        if (TryRun(context, etag))
        {
            Result = deletes ? null : etag;
            return;
        }

        var stored = context.Read(key).ETag;
        _conflict = new InconsistentStateException(
            $"The state {key.StateName} of {key.GrainId} was written by another since it was read.",
            stored is { } tag ? Text(tag) : null,
            _expected);
    }

    public override void Complete()
    {
        if (_conflict is null)
        {
            base.Complete();
        }
        else
        {
            Fail(_conflict);
        }
    }

    public static string Text(long etag) => etag.ToString("x16", CultureInfo.InvariantCulture);

    private bool TryRun(GrainStatements statements, long etag)
    {
        if (_expected is null)
        {
            // Deleting a row that was never written succeeds.
            return deletes ? statements.Read(key).ETag is null : statements.TryInsert(key, etag, payload);
        }

        return long.TryParse(_expected, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var tag)
            && (deletes ? statements.TryDelete(key, tag) : statements.TryUpdate(key, tag, etag, payload));
    }

    private static long NewETag()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadInt64BigEndian(bytes);
    }
}
