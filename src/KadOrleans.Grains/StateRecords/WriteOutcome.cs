using System.Data.Common;

namespace KadOrleans.Grains;

internal static class WriteOutcome
{
    /// <summary>The SQLSTATE of a row that a unique index refuses (PostgreSQL: unique_violation).</summary>
    private const string UniqueViolation = "23505";

    /// <summary>Whether a write met another's: by its ETag, or, for two concurrent first writes, by the unique index.</summary>
    /// <remarks>This project's schema adds that index to Orleans' table on PostgreSQL. Orleans' provider does not know it.</remarks>
    public static bool IsConflict(Exception exception) =>
        exception is InconsistentStateException || exception.GetBaseException() is DbException { SqlState: UniqueViolation };

    /// <summary>Awaits a write. The outcome of one that fails is unknown, so the grain ends: the next call reads its state again.</summary>
    public static async Task OrEndAsync(this IGrainBase grain, Task write)
    {
        try
        {
            await write;
        }
        catch
        {
            grain.DeactivateOnIdle();
            throw;
        }
    }
}
