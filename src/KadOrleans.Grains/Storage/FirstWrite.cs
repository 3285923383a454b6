using System.Data.Common;
using Orleans.Storage;

namespace KadOrleans.Grains.Storage;

/// <summary>The race of two first writes of one state, where the database decides it.</summary>
internal static class FirstWrite
{
    /// <summary>SQL's code for a row that a unique index refuses (unique_violation of PostgreSQL).</summary>
    private const string UniqueViolation = "23505";

    /// <summary>Whether a write found another's: by its ETag, or, of two that saw nothing of each other, by the index.</summary>
    /// <remarks>Orleans' table on PostgreSQL has such an index by this project's schema, and its provider does not know it.</remarks>
    public static bool IsConflict(Exception exception) =>
        exception is InconsistentStateException || exception.GetBaseException() is DbException { SqlState: UniqueViolation };
}
