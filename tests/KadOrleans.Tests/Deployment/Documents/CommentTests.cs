namespace KadOrleans.Tests.Deployment;

/// <summary>Comments and XML docs of the code have the short sentences of its documents.</summary>
public sealed class CommentTests
{
    private static readonly Regex CommentLine = new(@"^\s*(?<kind>///?) ?(?<text>.*)$");
    private static readonly Regex CommentBehindCode = new(@"[;{,)] // (?<text>.*)$");
    private static readonly Regex Reference = new("""<(?:see|paramref|typeparamref) \w+="(?<name>[^"]*)"\s*/>""");
    private static readonly Regex Code = new("<c>(.*?)</c>");
    private static readonly Regex Element = new("</?(?:summary|remarks|param|typeparam|returns|exception|para|list|item|description|term|value|example|code)[^>]*>");
    private static readonly Regex Tag = new("<[^>]+>");
    private static readonly Regex SentenceEnd = new(@"(?<=[.?!][)'""]?)\s+(?=[A-Z'""(`α\d])");

    [Fact]
    public void No_sentence_of_a_comment_has_more_than_25_words()
    {
        var sentences =
            from folder in (string[])["src", "tests", "samples"]
            from file in Directory.EnumerateFiles(Repository.Path(folder), "*.cs", SearchOption.AllDirectories)
            let path = Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')
            where !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal)
            from comment in Comments(File.ReadLines(file))
            from sentence in Sentences(comment)
            select (path, sentence);

        DocumentTests.AssertShort(sentences);
    }

    // Lines of one kind that follow one another are one comment.
    private static IEnumerable<string> Comments(IEnumerable<string> lines)
    {
        var (comment, kind) = (new List<string>(), string.Empty);
        foreach (var line in lines.Append(string.Empty))
        {
            var match = CommentLine.Match(line);
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
            else if (CommentBehindCode.Match(line) is { Success: true } behind)
            {
                yield return behind.Groups["text"].Value;
            }
        }
    }

    private static IEnumerable<string> Sentences(string comment) =>
        from part in Element.Split(Code.Replace(Reference.Replace(comment, match => LastName(match.Groups["name"].Value)), "$1"))
        from sentence in SentenceEnd.Split(Tag.Replace(part, string.Empty).Trim())
        where sentence.Length > 0
        select sentence;

    private static string LastName(string reference) => reference.Split('(')[0].Split('.')[^1];
}
