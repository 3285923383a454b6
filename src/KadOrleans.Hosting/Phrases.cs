namespace KadOrleans.Hosting;

/// <summary>Messages of other people's code as parts of our sentences: one line each, without a full stop.</summary>
internal static class Phrases
{
    /// <summary>A message as a phrase.</summary>
    public static string Of(string message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return message.ReplaceLineEndings(" ").TrimEnd('.', ' ');
    }

    /// <summary>Why something failed: the message of the innermost exception, as a phrase.</summary>
    public static string ReasonOf(Exception failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return Of(failure.GetBaseException().Message);
    }
}
