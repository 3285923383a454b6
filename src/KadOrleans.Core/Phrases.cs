using System.Text.Json;

namespace KadOrleans.Core;

/// <summary>Turns messages of libraries into parts of sentences: one line, without a full stop.</summary>
internal static class Phrases
{
    public static string Of(string message) => message.ReplaceLineEndings(" ").TrimEnd('.', ' ');

    /// <summary>The reason of a failure: the message of the innermost exception, as a phrase.</summary>
    public static string ReasonOf(Exception failure) => Of(failure.GetBaseException().Message);

    /// <summary>Why a file cannot be read or written. Of a folder systems say that access is denied, or that no file is there.</summary>
    public static string OfFile(string path, Exception failure) => Directory.Exists(path) ? "it is a folder" : Of(failure.Message);

    /// <summary>Why a text is not the JSON that is needed, without the words of the parser, which count bytes and name types of .NET.</summary>
    public static string OfJson(JsonException failure) => failure switch
    {
        // The parser's own, whose lines begin with 0. That of a serializer has it within.
        { LineNumber: { } line } when failure.Path is null || failure.InnerException is JsonException =>
            string.Create(CultureInfo.InvariantCulture, $"line {line + 1} is no JSON, ends too soon or nests too deep"),
        { Path: { } path } => $"{path} is unknown, of another type, or lacks a member",
        _ => Of(failure.Message),
    };
}
