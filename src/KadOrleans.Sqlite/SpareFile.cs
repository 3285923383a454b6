using System.Globalization;

namespace KadOrleans.Sqlite;

/// <summary>Names of files beside a database that keep what was in it. None is ever overwritten.</summary>
internal static class SpareFile
{
    /// <summary>The first name that is free: <c>kad.db.damaged-1</c>, <c>kad.db.damaged-2</c>, …</summary>
    /// <exception cref="IOException">All are taken.</exception>
    public static string NextName(string path, string word, int most)
    {
        for (var number = 1; number <= most; number++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{path}.{word}-{number}");
            if (!File.Exists(name))
            {
                return name;
            }
        }

        throw new IOException(string.Create(
            CultureInfo.InvariantCulture, $"'{path}.{word}-1' to '-{most}' are there already; move them away"));
    }
}
