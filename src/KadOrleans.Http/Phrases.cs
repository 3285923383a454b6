namespace KadOrleans.Http;

/// <summary>Turns messages of libraries into parts of sentences: one line, without a full stop.</summary>
internal static class Phrases
{
    public static string Of(string message) => message.ReplaceLineEndings(" ").TrimEnd('.', ' ');

    /// <summary>The reason of a failure: the message of the innermost exception, as a phrase.</summary>
    public static string ReasonOf(Exception failure) => Of(failure.GetBaseException().Message);
}
