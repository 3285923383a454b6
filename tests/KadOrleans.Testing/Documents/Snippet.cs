using System.Text.RegularExpressions;

namespace KadOrleans.Testing.Documents;

/// <summary>A block of code of a Markdown file.</summary>
/// <param name="Document">The file, by its path from the repository's root.</param>
/// <param name="Line">The line where the code begins; the first is 1.</param>
/// <param name="Lines">The code.</param>
public sealed partial record Snippet(string Document, int Line, IReadOnlyList<string> Lines)
{
    private static readonly string[] NotOurs = ["bin", "obj", "artifacts", "node_modules", ".git"];

    /// <summary>Whether it uses a provider that the default executables lack.</summary>
    public bool NeedsProviders => Lines.Any(line => line.Contains("Tls(", StringComparison.Ordinal) || line.Contains("AzureStorage(", StringComparison.Ordinal));

    /// <summary>All blocks of a language in a Markdown file.</summary>
    public static IEnumerable<Snippet> Of(string document, params IEnumerable<string> languages)
    {
        var (lines, start) = (Repository.Read(document).Split('\n'), -1);
        for (var i = 0; i < lines.Length; i++)
        {
            if (Fence().Match(lines[i]) is not { Success: true } fence)
            {
                continue;
            }

            if (start >= 0)
            {
                yield return new Snippet(document, start + 1, lines[start..i]);
                start = -1;
            }
            else if (languages.Contains(fence.Groups[1].Value))
            {
                start = i + 1;
            }
            else
            {
                i = Array.FindIndex(lines, i + 1, line => Fence().IsMatch(line));
            }
        }
    }

    /// <summary>All blocks of a language in the Markdown files of the repository.</summary>
    public static IEnumerable<Snippet> OfAll(params IEnumerable<string> languages) => DocumentsBelow(Repository.Root)
        .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
        .Order(StringComparer.Ordinal)
        .SelectMany(document => Of(document, languages));

    private static IEnumerable<string> DocumentsBelow(string folder) => Directory.EnumerateFiles(folder, "*.md")
        .Concat(Directory.EnumerateDirectories(folder).Where(d => !NotOurs.Contains(Path.GetFileName(d))).SelectMany(DocumentsBelow));

    [GeneratedRegex(@"^\s*```(\w*)\s*$")]
    private static partial Regex Fence();
}
