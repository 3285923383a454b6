using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using KadOrleans.SqliteFiles;
using Orleans.Storage;

namespace KadOrleans.GrainStorage.Sqlite;

/// <summary>Reads one row.</summary>
internal sealed class GrainRead(GrainRowKey key) : DatabaseOperation<GrainStatements, GrainRow>
{
    public override bool IsWrite => false;

    public override void Run(GrainStatements context) => Result = context.Read(key);
}

/// <summary>Lists the grains of a type that have a stored state.</summary>
internal sealed class GrainListRead(string grainType) : DatabaseOperation<GrainStatements, IReadOnlyList<string>>
{
    public override bool IsWrite => false;

    public override void Run(GrainStatements context) => Result = context.ListGrains($"{grainType}/");
}

/// <summary>
/// Writes or deletes one row if its ETag is the expected one. ETags are random and never recur, so a writer from before a deletion gets a
/// conflict.
/// </summary>
internal sealed class GrainWrite : DatabaseOperation<GrainStatements, long?>
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

    public override int Size => _payload?.Length ?? 0;

    /// <summary>Puts a payload into the row; null leaves a row without one.</summary>
    /// <param name="key">The row.</param>
    /// <param name="expected">The ETag it must have; null or empty if there must be no row.</param>
    /// <param name="payload">Its new content.</param>
    public static GrainWrite Put(GrainRowKey key, string? expected, byte[]? payload) => new(key, expected, payload, deletes: false);

    /// <summary>Deletes the row.</summary>
    public static GrainWrite Delete(GrainRowKey key, string? expected) => new(key, expected, payload: null, deletes: true);

    public override void Run(GrainStatements context)
    {
        var etag = NewETag();
        if (TryRun(context, etag))
        {
            Result = _deletes ? null : etag;
            return;
        }

        var stored = context.ReadETag(_key);
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

    /// <summary>An ETag as text, for grains.</summary>
    public static string Text(long etag) => etag.ToString("x16", CultureInfo.InvariantCulture);

    private bool TryRun(GrainStatements statements, long etag)
    {
        if (_expected is null)
        {
            // Deleting a row that was never written succeeds.
            return _deletes ? statements.ReadETag(_key) is null : statements.TryInsert(_key, etag, _payload);
        }

        return long.TryParse(_expected, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var expected)
            && (_deletes ? statements.TryDelete(_key, expected) : statements.TryUpdate(_key, expected, etag, _payload));
    }

    private static long NewETag()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadInt64BigEndian(bytes);
    }
}
