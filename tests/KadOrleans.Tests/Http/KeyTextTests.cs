namespace KadOrleans.Tests.Http;

public sealed class KeyTextTests
{
    [Fact]
    public void The_oldest_text_goes_first()
    {
        var texts = new KeyTexts();
        for (var number = 0; number <= KeyTexts.Most; number++)
        {
            texts.Add(NodeId.FromKey($"{number}"), $"{number}");
        }

        Assert.False(texts.TryFind(NodeId.FromKey("0"), out _));
        Assert.True(texts.TryFind(NodeId.FromKey("1"), out var text));
        Assert.Equal("1", text);
    }

    [Fact]
    public void A_part_of_a_text_finds_it_and_the_part_itself_comes_first()
    {
        var texts = new KeyTexts();
        texts.Add(NodeId.FromKey("user:2"), "user:2");
        texts.Add(NodeId.FromKey("User:1"), "User:1");
        texts.Add(NodeId.FromKey("other"), "other");

        Assert.Equal([NodeId.FromKey("user:"), NodeId.FromKey("User:1"), NodeId.FromKey("user:2")], texts.Search("user:"));
    }
}
