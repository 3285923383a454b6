using System.Text.RegularExpressions;
using KadOrleans.Testing;

namespace KadOrleans.Infra.Tests.Documents;

/// <summary>A Markdown file of the repository, without its blocks of code.</summary>
internal sealed partial class Document
{
    private readonly IReadOnlyList<string> _lines;

    private Document(string path, IReadOnlyList<string> lines)
    {
        Path = path;
        _lines = lines;
    }

    /// <summary>The path from the repository's root.</summary>
    public string Path { get; }

    /// <summary>The anchors that GitHub makes of the headings.</summary>
    public IEnumerable<string> Anchors => _lines.Select(l => Heading().Match(l)).Where(m => m.Success).Select(m => Anchor(m.Groups[1].Value));

    /// <summary>The targets of the links, as they are written.</summary>
    public IEnumerable<string> Links => Link().Matches(InlineCode().Replace(string.Join('\n', _lines), "code")).Select(m => m.Groups[2].Value);

    /// <summary>The pieces of code within lines, such as the names of types.</summary>
    public IEnumerable<string> Codes => _lines.SelectMany(l => InlineCode().Matches(l)).Select(m => m.Value.Trim('`'));

    /// <summary>The sentences of paragraphs and lists. Headings and tables have none; a piece of code is one word.</summary>
    public IEnumerable<string> Sentences =>
        Paragraphs().SelectMany(p => SentenceEnd().Split(Link().Replace(InlineCode().Replace(p, "Code"), "$1").Replace("*", "", StringComparison.Ordinal)));

    /// <summary>Reads a file, by its path from the repository's root.</summary>
    public static Document Read(string path)
    {
        var isCode = false;
        var lines = new List<string>();
        foreach (var line in Repository.Read(path).Split('\n').Select(l => l.Trim()))
        {
            var isFence = line.StartsWith("```", StringComparison.Ordinal);
            isCode ^= isFence;
            lines.Add(isCode || isFence ? "" : line);
        }

        return new Document(path, lines);
    }

    private static string Anchor(string heading) =>
        NoAnchor().Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    private IEnumerable<string> Paragraphs()
    {
        var paragraph = new List<string>();
        foreach (var line in _lines.Append(""))
        {
            var item = Item().Match(line);
            if (line.Length == 0 || line[0] is '|' or '#' or '<' || item.Success)
            {
                yield return string.Join(' ', paragraph);
                paragraph.Clear();
            }

            if (item.Success || line.Length > 0 && line[0] is not ('|' or '#' or '<'))
            {
                paragraph.Add(line[item.Length..]);
            }
        }
    }

    [GeneratedRegex(@"^#+ (.*)$")]
    private static partial Regex Heading();

    [GeneratedRegex(@"^(?:[-*]|\d+\.) +")]
    private static partial Regex Item();

    [GeneratedRegex(@"\[([^\]]*)\]\(([^)\s]*)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"(?<=[.?!][)”""]?)\s+(?=[A-Z“""(\d])")]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoAnchor();
}
