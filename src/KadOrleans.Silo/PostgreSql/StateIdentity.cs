using System.Text.RegularExpressions;

namespace KadOrleans.Silo.PostgreSql;

/// <summary>
/// What tells a grain's state from all others in Orleans' table. Orleans' scripts do not make it unique: two first writes of one
/// state may both be kept, and a state of two rows cannot be read any more.
/// </summary>
internal static partial class StateIdentity
{
    /// <summary>Orleans' table of states.</summary>
    public const string Table = "orleansstorage";

    /// <summary>The statement that makes it unique.</summary>
    public const string Statement =
        "CREATE UNIQUE INDEX IF NOT EXISTS kad_orleansstorage_identity ON orleansstorage "
        + "(serviceid, grainidhash, graintypehash, grainidn0, grainidn1, graintypestring, coalesce(grainidextensionstring, ''));";

    private const string Extension = "grainidextensionstring";

    private static readonly string[] Needed = ["serviceid", "grainidn0", "grainidn1", "graintypestring"];

    // Each follows from what is needed, so that an index does with and without them.
    private static readonly string[] Hashes = ["grainidhash", "graintypehash"];

    /// <summary>Whether an index makes the identity, and nothing less, unique.</summary>
    /// <param name="index">A valid one that leaves out no rows.</param>
    public static bool IsUniqueBy(UniqueIndex index)
    {
        var keys = index.Keys.Select(key => NameOf(key, index.TakesNullsAsEqual)).ToHashSet(StringComparer.Ordinal);
        return keys.SetEquals([.. Needed, Extension, .. Hashes.Where(keys.Contains)]);
    }

    // Of states that have no extension in their identity the column is null, and nulls are all different unless told otherwise.
    private static string NameOf(string key, bool takesNullsAsEqual) => key switch
    {
        Extension when !takesNullsAsEqual => $"{Extension} without nulls",
        _ when Coalesce().IsMatch(key) => Extension,
        _ => key,
    };

    [GeneratedRegex("""^coalesce\(\(?grainidextensionstring\)?(::[a-z ]+)?, ''(::[a-z ]+)*\)$""", RegexOptions.IgnoreCase)]
    private static partial Regex Coalesce();
}
