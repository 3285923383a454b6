// Most tests wait for processes or timeouts, not for a processor.
[assembly: CollectionBehavior(MaxParallelThreads = 3)]
