using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;

namespace KadOrleans;

/// <summary>The UTF-8 of a text that is a key, a value, a salt, or signed.</summary>
internal static class StrictUtf8
{
    /// <summary>
    /// What is wrong with a text, in one sentence; null if nothing is. Half of a surrogate pair would become U+FFFD: two keys or salts would be one, and
    /// another text would be stored or signed.
    /// </summary>
    public static string? FindProblem(string text, string name) =>
        IsUnicode(text) ? null : $"The {name} has half of a surrogate pair; Unicode text is needed.";

    /// <exception cref="ArgumentException">The text is no Unicode.</exception>
    public static byte[] ToBytes(string text, [CallerArgumentExpression(nameof(text))] string name = "")
    {
        ArgumentNullException.ThrowIfNull(text, name);
        return FindProblem(text, name) is { } problem ? throw new ArgumentException(problem, name) : Encoding.UTF8.GetBytes(text);
    }

    private static bool IsUnicode(ReadOnlySpan<char> text)
    {
        while (text.IndexOfAnyInRange('\ud800', '\udfff') is >= 0 and var half)
        {
            if (Rune.DecodeFromUtf16(text[half..], out _, out var length) != OperationStatus.Done)
            {
                return false;
            }

            text = text[(half + length)..];
        }

        return true;
    }
}
