using System.Text.Unicode;

namespace KadOrleans.Cli;

/// <summary>Finds arguments that are not UTF-8. .NET reads each of their wrong bytes as U+FFFD, so that different keys would be one.</summary>
internal static class ArgumentBytes
{
    private const string OwnArguments = "/proc/self/cmdline";

    /// <summary>A sentence on the first such argument; null if there is none.</summary>
    public static string? FindMistake(IReadOnlyList<string> args)
    {
        var suspects = args.Index().Where(arg => arg.Item.EnumerateRunes().Contains(Rune.ReplacementChar)).ToList();
        var raw = suspects.Count == 0 ? [] : ReadOwn();
        return suspects.Where(arg => !IsTyped(arg.Item, raw.ElementAtOrDefault(^(args.Count - arg.Index)))).Select(arg =>
            $"'{VisibleText.Excerpt(arg.Item)}' is not UTF-8 text, which each argument must be; a value of other bytes is set with --type bytes, in hexadecimal or from --file.")
            .FirstOrDefault();
    }

    // Somebody may have typed U+FFFD itself. Where the bytes are not known it is refused too.
    private static bool IsTyped(string arg, byte[]? bytes) => bytes is not null && Utf8.IsValid(bytes) && Encoding.UTF8.GetString(bytes) == arg;

    private static byte[][] ReadOwn()
    {
        try
        {
            return File.Exists(OwnArguments) ? [.. Split(File.ReadAllBytes(OwnArguments))] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // Each argument ends with a zero.
    private static IEnumerable<byte[]> Split(byte[] line)
    {
        for (int start = 0, end; (end = Array.IndexOf(line, (byte)0, start)) >= 0; start = end + 1)
        {
            yield return line[start..end];
        }
    }
}
