namespace KadOrleans.Tests.Deployment;

/// <summary>docs/http.md lists the types of problems that programs branch on, with their status.</summary>
public sealed class ProblemTypesTests
{
    [Fact]
    public void Each_type_of_a_problem_is_listed_with_its_status() => Assert.Equal(
        ProblemType.All.Select(type => $"{type.Name} {type.Status}").Order(),
        File.ReadLines(Repository.Path("docs/http.md"))
            .Select(line => Regex.Match(line, @"^\| (?<names>`[a-z-]+`(?:, `[a-z-]+`)*) \| (?<status>[45]\d\d) \|"))
            .Where(row => row.Success)
            .SelectMany(row => row.Groups["names"].Value.Split(", ").Select(name => $"{name.Trim('`')} {row.Groups["status"].Value}"))
            .Order());
}
