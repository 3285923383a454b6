using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Orleans.Storage;

namespace KadOrleans.GrainStorage.Sqlite;

/// <summary>Something to be done by the one thread that has the file, and whoever waits for it.</summary>
internal abstract class GrainOperation
{
    /// <summary>Whether it needs a transaction. What does not sees committed rows alone.</summary>
    public abstract bool IsWrite { get; }

    /// <summary>Bytes it adds to a transaction, roughly.</summary>
    public virtual int Size => 0;

    /// <summary>Does it; what it throws fails this operation alone.</summary>
    public abstract void Run(GrainStatements statements);

    /// <summary>Tells the waiter how it went: what it did is committed.</summary>
    public abstract void Complete();

    /// <summary>Tells the waiter that nothing of it was done.</summary>
    public abstract void Fail(Exception cause);
}

/// <summary>An operation whose waiter gets a result.</summary>
internal abstract class ResultOperation<TResult> : GrainOperation
{
    private readonly TaskCompletionSource<TResult> _completion = new(Options);

    /// <summary>Completes when the operation did.</summary>
    public Task<TResult> Task => _completion.Task;

    /// <summary>What came of it; told to the waiter once it is true.</summary>
    protected TResult? Result { get; set; }

    // The writer must not run what its callers do next. A grain goes on in its own scheduler in any case, and then a detour
    // through the thread pool is only work.
    private static TaskCreationOptions Options => TaskScheduler.Current == TaskScheduler.Default
        ? TaskCreationOptions.RunContinuationsAsynchronously
        : TaskCreationOptions.None;

    public override void Complete() => _completion.TrySetResult(Result!);

    public override void Fail(Exception cause) => _completion.TrySetException(cause);
}

/// <summary>Reads one row.</summary>
internal sealed class GrainRead(GrainRowKey key) : ResultOperation<GrainRow>
{
    public override bool IsWrite => false;

    public override void Run(GrainStatements statements) => Result = statements.Read(key);
}

/// <summary>Reads which grains of a type have a stored state.</summary>
internal sealed class GrainListRead(string grainType) : ResultOperation<IReadOnlyList<string>>
{
    public override bool IsWrite => false;

    public override void Run(GrainStatements statements) => Result = statements.ListGrains($"{grainType}/");
}

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
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadInt64BigEndian(bytes);
    }
}
