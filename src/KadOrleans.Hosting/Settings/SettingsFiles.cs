namespace KadOrleans.Hosting.Settings;

/// <summary>How a process treats its appsettings files.</summary>
public static class SettingsFiles
{
    /// <summary>
    /// Host settings by which the files are read at start and not watched. No setting takes effect later; and a watch covers
    /// all folders below the working one, so that a silo that has its data there was told of each of its own writes.
    /// </summary>
    public static IEnumerable<KeyValuePair<string, string?>> Unwatched { get; } =
        [new KeyValuePair<string, string?>("hostBuilder:reloadConfigOnChange", bool.FalseString)];
}
