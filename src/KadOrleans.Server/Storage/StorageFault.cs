namespace KadOrleans.Server;

/// <summary>Why a storage ended a start.</summary>
/// <param name="What">What failed, as the sentence calls it: "the cluster's database".</param>
/// <param name="Message">What its client said, without secrets. Of a mistake the whole sentence.</param>
internal sealed record StorageFault(string What, string Message)
{
    /// <summary>The setting that names the storage, if the configuration notes none.</summary>
    public string Setting { get; init; } = string.Empty;

    /// <summary>Whether the user has to mend something before a start can succeed; otherwise another try may.</summary>
    public bool IsMistake { get; init; }

    /// <summary>A mistake, by its whole sentence.</summary>
    public static StorageFault Mistake(string sentence) => new(string.Empty, sentence) { IsMistake = true };

    /// <summary>An exception's message with that of its root.</summary>
    public static string WithRoot(Exception cause) =>
        cause.GetBaseException() is var root && root != cause ? $"{cause.Message} ({root.Message})" : cause.Message;

    /// <summary>The first lines of a message: what failed, and the status. Some continue with a whole response.</summary>
    public static string Beginning(string message) => string.Join(' ', message.ReplaceLineEndings("\n").Trim().Split('\n').Take(2));
}
