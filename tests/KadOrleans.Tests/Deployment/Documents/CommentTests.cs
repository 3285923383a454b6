using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Tests.Deployment;

/// <summary>Comments and XML docs of the code have the short sentences of its documents.</summary>
public sealed partial class CommentTests
{
    private const int MostWords = 25;

    private static readonly string[] Folders = ["src", "tests", "samples"];

    [Fact]
    public void No_sentence_of_a_comment_has_more_than_25_words()
    {
        var problems =
            from folder in Folders
            from file in Directory.EnumerateFiles(Repository.Path(folder), "*.cs", SearchOption.AllDirectories)
            let path = Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')
            where !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal)
            from comment in Comments(File.ReadLines(file))
            from sentence in Sentences(comment)
            let words = sentence.Split(' ').Count(word => word.Any(char.IsLetterOrDigit))
            where words > MostWords
            select $"{path}, {words} words, {MostWords} are allowed: {sentence}";

        var found = problems.ToList();
        Assert.True(found.Count == 0, string.Join(Environment.NewLine, found));
    }

    [Fact]
    public void Words_are_counted_in_each_sentence_of_each_element()
    {
        string[] lines =
        [
            "    /// <summary>Reads a <see cref=\"Contact\"/>. Returns",
            "    /// <c>null</c> at the end.</summary>",
            "    /// <param name=\"time\">The clock.</param>",
            "    private int _count; // Never negative.",
        ];

        Assert.Equal(
            ["Reads a Contact.", "Returns null at the end.", "The clock.", "Never negative."], Comments(lines).SelectMany(Sentences));
    }

    // Lines of one kind that follow one another are one comment.
    private static IEnumerable<string> Comments(IEnumerable<string> lines)
    {
        var (comment, kind) = (new List<string>(), string.Empty);
        foreach (var line in lines.Append(string.Empty))
        {
            var match = CommentLine().Match(line);
            if (comment.Count > 0 && match.Groups["kind"].Value != kind)
            {
                yield return string.Join(' ', comment);
                comment.Clear();
            }

            if (match.Success)
            {
                kind = match.Groups["kind"].Value;
                comment.Add(match.Groups["text"].Value);
            }
            else if (CommentBehindCode().Match(line) is { Success: true } behind)
            {
                yield return behind.Groups["text"].Value;
            }
        }
    }

    private static IEnumerable<string> Sentences(string comment) =>
        from part in Element().Split(Code().Replace(Reference().Replace(comment, match => LastName(match.Groups["name"].Value)), "$1"))
        from sentence in SentenceEnd().Split(Tag().Replace(part, string.Empty).Trim())
        where sentence.Length > 0
        select sentence;

    private static string LastName(string reference) => reference.Split('(')[0].Split('.')[^1];

    [GeneratedRegex(@"^\s*(?<kind>///?) ?(?<text>.*)$")]
    private static partial Regex CommentLine();

    [GeneratedRegex(@"[;{,)] // (?<text>.*)$")]
    private static partial Regex CommentBehindCode();

    [GeneratedRegex("""<(?:see|paramref|typeparamref) \w+="(?<name>[^"]*)"\s*/>""")]
    private static partial Regex Reference();

    [GeneratedRegex("<c>(.*?)</c>")]
    private static partial Regex Code();

    [GeneratedRegex("</?(?:summary|remarks|param|typeparam|returns|exception|para|list|item|description|term|value|example|code)[^>]*>")]
    private static partial Regex Element();

    [GeneratedRegex("<[^>]+>")]
    private static partial Regex Tag();

    [GeneratedRegex(@"(?<=[.?!][)'""]?)\s+(?=[A-Z'""(`α\d])")]
    private static partial Regex SentenceEnd();
}
